"""Concepts that the hospitals use, each with its name as the vocabulary that ships with the workbench has it."""

from __future__ import annotations

# Genders and settings
MALE = 8507  # MALE
FEMALE = 8532  # FEMALE
INPATIENT = 9201  # Inpatient Visit
OUTPATIENT = 9202  # Outpatient Visit
EMERGENCY = 9203  # Emergency Room Visit

# Where records come from, and what imaging features point at
HEALTH_RECORD = 2140000053  # Electronic health record
MEASUREMENT_ROW = 2140000054  # Row of the measurement table

# Diagnoses
TYPE_2_DIABETES = 201826  # Type 2 diabetes mellitus
ATRIAL_FIBRILLATION = 313217  # Atrial fibrillation
HEART_FAILURE = 316139  # Heart failure
CHRONIC_HEART_FAILURE = 4229440  # Chronic congestive heart failure
CORONARY_DISEASE = 317576  # Coronary arteriosclerosis
HYPERTENSION = 320128  # Essential hypertension
CARDIAC_ARREST = 321042  # Cardiac arrest
HYPERLIPIDEMIA = 432867  # Hyperlipidemia
KIDNEY_DISEASE_3 = 443597  # Chronic kidney disease stage 3
KIDNEY_DISEASE_4 = 443612  # Chronic kidney disease stage 4
SUDDEN_DEATH = 4317150  # Sudden cardiac death
INFARCTION = 4329847  # Myocardial infarction
Q_WAVE_INFARCTION = 2140000002  # Acute Q wave myocardial infarction
NON_Q_WAVE_INFARCTION = 2140000003  # Acute non-Q wave myocardial infarction
CARDIOGENIC_SHOCK = 2140000004  # Cardiogenic shock
AV_BLOCK = 2140000005  # Complete atrioventricular block
DILATED_CARDIOMYOPATHY = 2140000011  # Dilated cardiomyopathy
HYPERTROPHIC_CARDIOMYOPATHY = 2140000012  # Hypertrophic cardiomyopathy
ARRHYTHMOGENIC_CARDIOMYOPATHY = 2140000013  # Arrhythmogenic cardiomyopathy
VENTRICULAR_TACHYCARDIA = 2140000014  # Ventricular tachycardia
STROKE = 2140000015  # Ischemic stroke

# Procedures; the two ways of imaging are also the methods of imaging measures
ABLATION = 4057420  # Catheter ablation of tissue of heart
TRANSPLANTATION = 4137127  # Transplantation of heart
ELECTROCARDIOGRAPHY = 4163951  # Electrocardiographic procedure
CORONARY_INTERVENTION = 4216130  # Percutaneous coronary intervention
ECHOCARDIOGRAPHY = 4230911  # Echocardiography
BYPASS_GRAFT = 4336464  # Coronary artery bypass graft
ASSIST_DEVICE = 4338594  # Implantation of left ventricular assist device
RESYNCHRONISATION_DEFIBRILLATOR = 40492359  # Insertion of biventricular implantable cardioverter defibrillator
MAGNETIC_RESONANCE = 2140000050  # Cardiac magnetic resonance imaging
SEQUENCING = 2140000059  # Cardiomyopathy panel or exome sequencing

# Measurements
HAEMOGLOBIN = 3000963  # Hemoglobin [Mass/volume] in Blood
SYSTOLIC = 3004249  # Systolic blood pressure
HBA1C = 3004410  # Hemoglobin A1c/Hemoglobin.total in Blood
LDL = 3009966  # Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay
DIASTOLIC = 3012888  # Diastolic blood pressure
CREATININE = 3016723  # Creatinine [Mass/volume] in Serum or Plasma
SODIUM = 3019550  # Sodium [Moles/volume] in Serum or Plasma
POTASSIUM = 3023103  # Potassium [Moles/volume] in Serum or Plasma
WEIGHT = 3025315  # Body weight
HEART_RATE = 3027018  # Heart rate
LVEF = 3027172  # Left ventricular Ejection fraction
NT_PROBNP = 3029187  # Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma
HEIGHT = 3036277  # Body height
BODY_MASS_INDEX = 3038553  # Body mass index (BMI) [Ratio]
LV_MASS = 2140000044  # Left ventricular mass
LA_VOLUME = 2140000045  # Left atrial volume

# ECGs
QTC_FRIDERICIA = 2140000040  # QT interval corrected by Fridericia
QRS_DURATION = 2140000041  # QRS duration
PR_INTERVAL = 2140000042  # PR interval
ECG_HEART_RATE = 2140000043  # Heart rate on the ECG
AUTOMATED = 2140000051  # Automated ECG analysis
PHYSICIAN = 2140000052  # ECG read by a physician
ALL_LEADS = 2140000055  # All leads of a 12-lead ECG
SAMPLING_RATE = 2140000056  # Sampling rate
HEART = 2140000057  # Heart
WFDB = 2140000058  # WFDB record

# Drugs
FUROSEMIDE = 957136  # furosemide 40 MG Oral Tablet
AMIODARONE_INJECTION = 1310034  # 3 ML amiodarone hydrochloride 50 MG/ML Prefilled Syringe
AMLODIPINE = 1332419  # amlodipine 5 MG Oral Tablet
SIMVASTATIN = 1539411  # simvastatin 20 MG Oral Tablet
ATORVASTATIN = 1545959  # atorvastatin 80 MG Oral Tablet
DIGOXIN = 19018935  # digoxin 0.125 MG Oral Tablet
CARVEDILOL = 19022781  # carvedilol 25 MG Oral Tablet
ASPIRIN = 19059056  # aspirin 81 MG Oral Tablet
CLOPIDOGREL = 19075601  # clopidogrel 75 MG Oral Tablet
SPIRONOLACTONE = 19079658  # spironolactone 25 MG Oral Tablet
LISINOPRIL_10 = 19080128  # lisinopril 10 MG Oral Tablet
LISINOPRIL_20 = 19080129  # lisinopril 20 MG Oral Tablet
WARFARIN = 40163554  # warfarin sodium 5 MG Oral Tablet
METFORMIN = 40163924  # 24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet
LOSARTAN = 40185304  # losartan potassium 50 MG Oral Tablet
CANAGLIFLOZIN = 43526467  # canagliflozin 100 MG Oral Tablet
SACUBITRIL_VALSARTAN = 46275809  # sacubitril 97 MG / valsartan 103 MG Oral Tablet
METOPROLOL = 2140000080  # metoprolol succinate 95 MG Extended Release Oral Tablet
BISOPROLOL = 2140000081  # bisoprolol fumarate 5 MG Oral Tablet
DAPAGLIFLOZIN = 2140000082  # dapagliflozin 10 MG Oral Tablet
EMPAGLIFLOZIN = 2140000083  # empagliflozin 10 MG Oral Tablet
AMIODARONE = 2140000084  # amiodarone hydrochloride 200 MG Oral Tablet

# Units
PERCENT = 8554  # percent
GRAM = 8504  # gram
MILLILITER = 8587  # milliliter
NO_CONCEPT = 0
